// Where a page has its data from: a server, or itself. Each page fills this in as it begins.

export const source = {
  get: null, // (path, parameters) => a promise of the answer
  imageAddress: null, // (run, path) => address
  library: null, // () => a promise of the plotting library
  list: null, // (question) => a promise of a page of the list of runs, see listing.js
  compare: false, // whether any runs can be compared, not only those that a file holds
  edit: null, // (change of a run's note and tags) => a promise; null in a file
  views: null, // { list, save, remove } of addresses kept by name; null in a file
};
