// Questions to the server.

export class ServerError extends Error {}

export async function get(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) query.set(name, value);
  }
  return answer(await fetch(`compare/api/${path}?${query}`, { headers: { Accept: "application/json" } }));
}

export function imageAddress(run, path) {
  return `compare/api/image?${new URLSearchParams({ run, path })}`;
}

let library = null;

// The plotting library, loaded when the first chart is in sight.
export function plotly() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "compare/plotly.min.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("The plotting library can't be loaded"));
    document.head.append(script);
  });
  return library;
}

// Write something: how the server's own page changes what it keeps.
export async function send(method, path, parameters, body) {
  const headers = { "Content-Type": "application/json" };
  const query = new URLSearchParams(parameters);
  return answer(await fetch(`compare/api/${path}?${query}`, { method, headers, body: body && JSON.stringify(body) }));
}

// Ask a run's Neptune client to stop.
export async function stop(run) {
  const address = `api/project/v1/runs/${encodeURIComponent(run.container_id)}/signal`;
  const body = JSON.stringify({ type: "stop", seconds: 60 });
  const headers = { "Content-Type": "application/json" };
  return answer(await fetch(address, { method: "POST", headers, body }));
}

async function answer(response) {
  let content = null;
  try {
    content = await response.json();
  } catch {
    // Not our server, or not at all well: the status says what there is to say.
  }
  if (!response.ok) throw new ServerError(content?.title ?? `the server answered ${response.status}`);
  return content;
}
