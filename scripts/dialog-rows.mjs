// Rows that several dialogs have stand once, in editor/dialog/rows.html; a dialog names them: `<!-- row: modem -->`.

const NAMED = /^( *)<!-- row: (\w+) -->(?=\r?\n)/gm;

/** The rows by name. @param text of rows.html */
export function readRows(text) {
  const [, ...parts] = text.split(/^<!-- row: (\w+) -->\r?\n/m);
  const rows = new Map();
  for (let at = 0; at < parts.length; at += 2) rows.set(parts[at], parts[at + 1].trim());
  return rows;
}

/** A dialog with its rows in the places of their names. @throws for a name that no row has */
export function withRows(html, rows) {
  return html.replace(NAMED, (_, indent, name) => {
    const row = rows.get(name);
    if (row === undefined) throw new Error(`there is no row ${name}`);
    return row.replace(/^/gm, indent);
  });
}
