import type { Plugin } from "esbuild";

/** The catalog with the English texts, as the files of dist/ see it. */
export const CATALOG: string;
/** A plugin of esbuild. @param root of the repository, which tsc has compiled to its folder build. @param folder of the bundle */
export function bundledData(root: string, folder?: string): Plugin;
