"""Where the files of containers are kept: a folder, or one of MLflow's artifact stores."""
