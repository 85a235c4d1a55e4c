/** A curve that grows: steps, epochs and values in typed arrays, and its smoothed twin. Knows no event and no chart. */

/** What a curve is drawn over. */
export type Axis = "step" | "epoch";

const FIRST_CAPACITY = 256;

/** Points in the order of their steps. A value that is not finite is a gap. */
export class Series {
  #steps = new Float64Array(FIRST_CAPACITY);
  #epochs = new Float64Array(FIRST_CAPACITY);
  #values = new Float64Array(FIRST_CAPACITY);
  #smooth = new Float64Array(0);
  #length = 0;
  #smoothedUpTo = 0;
  #weight = 0;
  #sum = 0;
  #mass = 0;

  /** How many points there are. The arrays are longer: what lies beyond is not part of the curve. */
  get length(): number {
    return this.#length;
  }

  /** The values as they came. */
  get values(): Float64Array {
    return this.#values;
  }

  /** Where the points stand on an axis; never falling. */
  along(axis: Axis): Float64Array {
    return axis === "step" ? this.#steps : this.#epochs;
  }

  /** Append a point. One that stands before the last one takes the last one's place on the axis: curves go forward. */
  push(step: number, epoch: number, value: number): void {
    const at = this.#length;
    if (at === this.#values.length) this.#grow();
    this.#steps[at] = at > 0 ? Math.max(step, this.#steps[at - 1] ?? step) : step;
    this.#epochs[at] = at > 0 ? Math.max(epoch, this.#epochs[at - 1] ?? epoch) : epoch;
    this.#values[at] = value;
    this.#length = at + 1;
  }

  /** Forget every point after `step`: a later process went on from there. */
  truncate(step: number): void {
    this.#length = after(this.#steps, this.#length, step);
    if (this.#smoothedUpTo > this.#length) this.#smoothedUpTo = 0;
  }

  /**
   * The values with the past weighing in: an exponential mean, corrected for its start, so that it begins at the first
   * value. `weight` is from 0 (the values themselves) to below 1. Gaps stay gaps and do not weigh.
   */
  smoothed(weight: number): Float64Array {
    if (weight <= 0) return this.#values;
    if (weight !== this.#weight || this.#smoothedUpTo === 0) {
      this.#weight = weight;
      this.#smoothedUpTo = 0;
      this.#sum = this.#mass = 0;
    }
    if (this.#smooth.length < this.#values.length) this.#smooth = enlarged(this.#smooth, this.#values.length);
    for (let at = this.#smoothedUpTo; at < this.#length; at += 1) {
      const value = this.#values[at] as number;
      if (Number.isFinite(value)) {
        this.#sum = weight * this.#sum + (1 - weight) * value;
        this.#mass = weight * this.#mass + (1 - weight);
        this.#smooth[at] = this.#sum / this.#mass;
      } else {
        this.#smooth[at] = Number.NaN;
      }
    }
    this.#smoothedUpTo = this.#length;
    return this.#smooth;
  }

  /** The index of the point nearest to `x` on an axis; -1 when there is none. */
  nearest(axis: Axis, x: number): number {
    const xs = this.along(axis);
    const right = after(xs, this.#length, x);
    if (right === 0) return this.#length > 0 ? 0 : -1;
    if (right === this.#length) return right - 1;
    return x - (xs[right - 1] as number) <= (xs[right] as number) - x ? right - 1 : right;
  }

  /** The last value that is a number; NaN when there is none. */
  last(): number {
    for (let at = this.#length - 1; at >= 0; at -= 1) {
      const value = this.#values[at] as number;
      if (Number.isFinite(value)) return value;
    }
    return Number.NaN;
  }

  /** The value at exactly this step; NaN when there is none. */
  at(step: number): number {
    const index = after(this.#steps, this.#length, step) - 1;
    return index >= 0 && this.#steps[index] === step ? (this.#values[index] as number) : Number.NaN;
  }

  #grow(): void {
    const capacity = this.#values.length * 2;
    this.#steps = enlarged(this.#steps, capacity);
    this.#epochs = enlarged(this.#epochs, capacity);
    this.#values = enlarged(this.#values, capacity);
  }
}

/** The index of the first of `length` sorted numbers that is greater than `x`. */
export function after(sorted: Float64Array, length: number, x: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function enlarged(from: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(capacity);
  to.set(from);
  return to;
}
