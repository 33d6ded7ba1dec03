"""Nets from files: their text is read, their graph is checked, and a module is made of it.

from project.nets.loading import load

net = load(text, "nets/dense.yaml", (3, 32, 32), 10, hparams)
net.graph.nodes                                  # in the order in which they run
"""
