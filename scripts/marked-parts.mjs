// Parts of a page that a command writes, each between two comments that name the part and the command.

/**
 * The page with `part` between the markers of `name`.
 *
 * @param page path, for the error. @param command as it stands in the first marker. @throws Error where a marker is missing.
 */
export function withPart(text, { page, name, command, part }) {
  const [begin, end] = [`<!-- ${name}: ${command} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no place for the table "${name}"`);
  return `${text.slice(0, from + begin.length)}\n${part}\n${text.slice(to)}`;
}
