/**
 * What commands print: lines for people or, with `--json`, one JSON object per line. Tables and colour on a
 * terminal only, so that pipes get plain text.
 */

import process from 'node:process';
import { styleText } from 'node:util';

type Colour = 'dim' | 'green' | 'yellow' | 'red' | 'cyan' | 'bold';

export interface Output {
  readonly isJson: boolean;
  /**
   * One thing that happened. `who` is the part it happened to ("registrar"), `text` a sentence for people;
   * `event` and `fields` are the same for programs, which get the sentence as well.
   */
  event(who: string, event: string, text: string, fields?: object, colour?: Colour): void;
  /** Rows for people, `rows` as they are for programs. */
  table(columns: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): void;
  /** One JSON object on a line of its own, whatever the mode. */
  json(value: object): void;
}

export function createOutput(isJson: boolean): Output {
  const json = (value: object) => {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  };
  return {
    isJson,
    json,
    event(who, event, text, fields = {}, colour) {
      const now = new Date().toISOString();
      if (isJson) return json({ time: now, who, event, text, ...fields });
      const time = now.slice(11, 23);
      process.stdout.write(`${paint('dim', time)}  ${who.padEnd(14)} ${paint(colour, text)}\n`);
    },
    table(columns, rows) {
      if (isJson) for (const row of rows) json(row);
      else process.stdout.write(formatTable(columns, rows));
    },
  };
}

/** Columns as wide as their widest cell, two spaces between, a heading in bold. */
function formatTable(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
): string {
  const cells = rows.map((row) => columns.map((column) => String(row[column] ?? '')));
  const widths = columns.map((column, i) =>
    cells.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), column.length),
  );
  const format = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const heading = paint('bold', format(columns.map((column) => column.toUpperCase())));
  return `${[heading, ...cells.map(format)].join('\n')}\n`;
}

function paint(colour: Colour | undefined, text: string): string {
  const isColourful = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  return colour !== undefined && isColourful ? styleText(colour, text) : text;
}
