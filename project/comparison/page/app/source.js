// Where a page has its data from: a server, or itself. Each page fills this in as it begins.

export const source = {
  get: null, // (path, parameters) => a promise of the answer
  imageAddress: null, // (run, path) => address
  library: null, // () => a promise of the plotting library
};
