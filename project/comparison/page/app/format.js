// Numbers and times for people.

export function number(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return value;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(Math.max(digits - 2, 0)).replace("e+", "e").replaceAll("-", "−");
  const text = Number.isInteger(value) ? String(value) : value.toPrecision(Math.max(digits, Math.ceil(Math.log10(size))));
  return text.replace("-", "−");
}

export function duration(ms) {
  if (ms === null || ms < 0) return "–";
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => seconds >= size);
  const [name, size] = units[first];
  const whole = Math.floor(seconds / size);
  const next = units[first + 1];
  const rest = next ? Math.floor((seconds % size) / next[1]) : 0;
  return rest ? `${whole} ${name} ${rest} ${next[0]}` : `${whole} ${name}`;
}

export function lasted(run) {
  if (run.started === null) return "–";
  if (run.status === "running") return duration(Date.now() - run.started);
  return run.ended === null ? "–" : duration(run.ended - run.started);
}

export function age(ms) {
  if (ms === null) return "–";
  const seconds = (Date.now() - ms) / 1000;
  if (seconds < 60) return "just now";
  const units = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const [name, size] = units.find(([, s]) => seconds >= s);
  const n = Math.floor(seconds / size);
  return `${n} ${name}${n > 1 ? "s" : ""} ago`;
}

export function date(ms) {
  return ms === null ? "" : new Date(ms).toLocaleString();
}

const WORDS = { step: "Step", epoch: "Epoch", time: "Time" };

export function xName(kind) {
  return WORDS[kind];
}

// A place on the x axis.
export function xText(kind, value) {
  if (kind === "time") return duration(value * 1000);
  return `${kind} ${kind === "epoch" ? Number(value.toFixed(2)) : number(value, 7)}`;
}

// A mean and its spread, both with the digits that the spread leaves meaningful.
export function spread(mean, sd = null) {
  if (typeof mean !== "number" || typeof sd !== "number" || !(sd > 0)) return number(mean, 5) + (sd === 0 ? " ± 0" : "");
  const decimals = Math.min(Math.max(1 - Math.floor(Math.log10(sd)), 0), 8);
  if (Math.abs(mean) >= 1e6 || sd < 1e-7) return `${number(mean, 6)} ± ${number(sd, 2)}`;
  return `${mean.toFixed(decimals)} ± ${sd.toFixed(decimals)}`.replace("-", "−");
}
