/**
 * What commands print: lines for people or, with `--json`, one JSON object per line. Tables and colour on a
 * terminal only, so that pipes get plain text.
 */

import process from 'node:process';
import { styleText } from 'node:util';
import { standardOutput } from './lifecycle/standard-streams.ts';

type Colour = 'dim' | 'green' | 'yellow' | 'red' | 'cyan' | 'bold';

type Row = Readonly<Record<string, unknown>>;

interface ForPeople {
  readonly nothing: string;
  readonly cells?: readonly Row[];
}

export interface Output {
  readonly isJson: boolean;
  /**
   * One thing that happened. `who` is the part it happened to ("registrar"), `text` a sentence for people;
   * `event` and `fields` are the same for programs, which get the sentence as well.
   */
  event(who: string, event: string, text: string, fields?: object, colour?: Colour): void;
  /**
   * For programs the rows as they are and their count in a last line; for people these columns of `cells`, by default
   * of the rows, or the sentence `nothing` if there are none.
   */
  table(columns: readonly string[], rows: readonly Row[], forPeople: ForPeople): void;
  /** One JSON object on a line of its own, whatever the mode. */
  json(value: object): void;
  /** One JSON object a line, and a last line `{"count":n}`. */
  list(rows: readonly object[]): void;
}

export function createOutput(isJson: boolean): Output {
  const json = (value: object) => {
    standardOutput.write(`${JSON.stringify(value)}\n`);
  };
  const list = (rows: readonly object[]) => {
    for (const row of rows) json(row);
    json({ count: rows.length });
  };
  return {
    isJson,
    json,
    list,
    event(who, event, text, fields = {}, colour) {
      const now = new Date().toISOString();
      if (isJson) return json({ time: now, who, event, text, ...fields });
      const time = now.slice(11, 23);
      standardOutput.write(`${paint('dim', time)}  ${who.padEnd(14)} ${paint(colour, text)}\n`);
    },
    table(columns, rows, { nothing, cells = rows }) {
      if (isJson) list(rows);
      else if (cells.length === 0) process.stdout.write(`${nothing}\n`);
      else for (const slice of formatTable(columns, cells)) process.stdout.write(slice);
    },
  };
}

/**
 * Columns as wide as their widest cell, two spaces between, a heading in bold. Long cells are cut: of a table
 * that is to be read. Comes in slices, for there may be more rows than a string holds.
 */
function* formatTable(columns: readonly string[], rows: readonly Row[]): Generator<string> {
  const cellsOf = (row: Row) => columns.map((column) => cut(String(row[column] ?? '')));
  const widths = columns.map((column) => column.length);
  for (const row of rows) {
    for (const [i, cell] of cellsOf(row).entries()) {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    }
  }
  const last = columns.length - 1;
  const format = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === last ? cell : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  yield `${paint('bold', format(columns.map((column) => column.toUpperCase())))}\n`;
  for (let at = 0; at < rows.length; at += SLICE_ROWS) {
    const slice = rows.slice(at, at + SLICE_ROWS);
    yield slice.map((row) => `${format(cellsOf(row))}\n`).join('');
  }
}

const MAX_CELL_CHARACTERS = 80;
const SLICE_ROWS = 1_000;

function cut(cell: string): string {
  return cell.length <= MAX_CELL_CHARACTERS ? cell : `${cell.slice(0, MAX_CELL_CHARACTERS - 1)}…`;
}

function paint(colour: Colour | undefined, text: string): string {
  const isColourful = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  return colour !== undefined && isColourful ? styleText(colour, text) : text;
}
