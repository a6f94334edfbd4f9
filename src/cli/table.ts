/** Rows in columns that line up, two spaces between them, each on a line of its own. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) => row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - cell.length)))
    .map((cells) => `${cells.join('  ').trimEnd()}\n`)
    .join('');
}
