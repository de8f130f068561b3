// Figures as people read them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

export const count = (number) => whole.format(number);
export const compact = (number) => (Math.abs(number) < 10000 ? whole.format(number) : short.format(number));

export function many(number, what) {
  return `${count(number)} ${what}${number === 1 ? "" : "s"}`;
}

export function size(bytes) {
  let unit = 0;
  while (bytes >= 1000 && unit < UNITS.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${unit === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${UNITS[unit]}`;
}

export function duration(seconds) {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const total = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60];
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${rest} s` : `${rest} s`;
}

export function moment(seconds) {
  const when = new Date(seconds * 1000);
  const today = new Date().toDateString() === when.toDateString();
  const clock = when.toLocaleTimeString("en-GB");
  return today ? clock : `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())} ${clock}`;
}

const two = (number) => String(number).padStart(2, "0");

const WORDS = {
  success: "succeeded",
  up_for_retry: "to be tried again",
  upstream_failed: "not started",
  up_for_reschedule: "waiting",
  null: "waiting",
};

export const state = (name) => WORDS[name] ?? String(name).replaceAll("_", " ");
