/** JSON that is damaged in one place: what a file of ours may hold after a disk error, an editor or another program. */

export type Json = null | string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** Everything that differs from `value` in one part: the part is missing, or of another type. */
export function* spoiled(value: Json, path = ""): Iterable<readonly [where: string, value: Json]> {
  for (const other of [null, true, 7, "x", [], [7], {}]) {
    if (typeOf(other) !== typeOf(value)) yield [`${path} = ${JSON.stringify(other)}`, other];
  }
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) {
      for (const [where, bad] of spoiled(part, `${path}[${index}]`)) yield [where, value.with(index, bad)];
    }
    return;
  }
  for (const [key, part] of Object.entries(value)) {
    const { [key]: _left, ...rest } = value as { readonly [key: string]: Json };
    yield [`no ${path}.${key}`, rest];
    for (const [where, bad] of spoiled(part, `${path}.${key}`)) yield [where, { ...rest, [key]: bad }];
  }
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
