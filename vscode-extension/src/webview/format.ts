/** Numbers, times and counts as people read them, as the terminal writes them too. */
import type { Figure } from "../events.gen";

const MINUS = "\u2212";
const NOTHING = "\u2013";

/** The number that a stream wrote as a number or as "nan", "inf" or "-inf"; a TypeError for anything else. */
export function figure(value: unknown): number {
  if (typeof value === "number") return value;
  if (value === "nan") return Number.NaN;
  if (value === "inf") return Infinity;
  if (value === "-inf") return -Infinity;
  throw new TypeError(`A number must be a number; got ${String(value)}.`);
}

/** As `figure`, with null for what is missing or no number. */
export function figureOrNull(value: unknown): number | null {
  try {
    return figure(value);
  } catch {
    return null;
  }
}

/** A metric: four digits after the point, or three that count where it is large or tiny. */
export function metricText(value: Figure | null | undefined): string {
  const real = figureOrNull(value);
  if (real === null) return NOTHING;
  if (Number.isNaN(real)) return "nan";
  if (!Number.isFinite(real)) return real > 0 ? "inf" : `${MINUS}inf`;
  const size = Math.abs(real);
  if (real !== 0 && (size >= 100_000 || size < 0.0001)) return signed(real, compact(size));
  return signed(real, grouped(size, size < 1000 ? 4 : 1));
}

/** A difference, always with its sign. */
export function deltaText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (value === 0) return "0";
  const text = metricText(value);
  return value > 0 ? `+${text}` : text;
}

/** A time span: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`. */
export function durationText(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NOTHING;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${twoDigits(Math.floor((whole % 3600) / 60))} min`;
}

/** How long ago an ISO time was; empty when it is no time. */
export function ageText(created: string, now: number): string {
  const then = Date.parse(created);
  if (Number.isNaN(then)) return "";
  const seconds = (now - then) / 1000;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  const [count, unit] = days < 365 ? [days, "day"] : [Math.floor(days / 365), "year"];
  return `${count} ${unit}${count > 1 ? "s" : ""} ago`;
}

/** A whole number with its thousands apart. */
export function countText(value: number): string {
  return grouped(value, 0);
}

/** Steps a second: one digit after the point while it is small. */
export function speedText(value: number): string {
  return grouped(value, value < 10 ? 1 : 0);
}

/** A share as a percentage: whole, or with a digit where it would read as 0 or 100. */
export function shareText(share: number): string {
  const percent = share * 100;
  const close = (percent > 0 && percent < 1) || (percent > 99 && percent < 100);
  return `${percent.toFixed(close ? 1 : 0)} %`;
}

/** A label of an axis, no longer than needed to tell neighbours `step` apart. */
export function tickText(value: number, step: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6 || size < 1e-4) return signed(value, compact(size));
  let digits = 0;
  while (digits < 8 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits += 1;
  return signed(value, size >= 10_000 && step >= 1000 ? `${trimmed(size / 1000, 1)}k` : grouped(size, digits));
}

function grouped(value: number, digits: number): string {
  const [whole = "", rest] = value.toFixed(digits).split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? spaced : `${spaced}.${rest}`;
}

function compact(size: number): string {
  const [digits = "", power = "0"] = size.toExponential(2).split("e");
  const exponent = Number(power);
  return `${trimmed(Number(digits), 2)}e${exponent < 0 ? MINUS : ""}${Math.abs(exponent)}`;
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

function signed(value: number, text: string): string {
  return value < 0 ? MINUS + text : text;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
