/** What every object, list and function has; a name such as `__proto__` in a text from outside must add nothing to it. */

const OF_ALL = [Object.prototype, Array.prototype, Function.prototype, String.prototype];

/** Their names, and what stands under those that are values. */
export function ownOfAll(): string {
  return OF_ALL.map((one) =>
    Reflect.ownKeys(one)
      .map((name) => `${String(name)} ${typeof Reflect.getOwnPropertyDescriptor(one, name)?.value}`)
      .join(),
  ).join("; ");
}
