/** The name that was probably meant by one that does not exist. */

/** The most letters that a slip changes, adds, leaves out or swaps. */
const MAX_SLIPS = 3;

/** The name that is nearest to what was written; `undefined` where none is near. */
export function nearestName<Name extends string>(
  written: string,
  names: readonly Name[],
): Name | undefined {
  let nearest: Name | undefined;
  let least = Math.min(MAX_SLIPS, Math.ceil(written.length / 3)) + 1;
  for (const name of names) {
    const slips = slipsBetween(written.toLowerCase(), name.toLowerCase());
    if (slips < least) [nearest, least] = [name, slips];
  }
  return nearest;
}

/** Damerau and Levenshtein's distance: letters changed, added, left out, or swapped with the next one. */
function slipsBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const changed = at(last, j - 1) + (isSame ? 0 : 1);
      row[j] = Math.min(at(last, j) + 1, at(row, j - 1) + 1, changed);
      const isSwapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) row[j] = Math.min(at(row, j), at(beforeLast, j - 2) + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
