// Runs a TypeScript file of the tests with the arguments after it: `node scripts/run_typescript.mjs FILE ...`.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { build } from "esbuild";

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) throw new Error("Name a TypeScript file.");
// Beside its source, since files name others relative to themselves.
const bundle = file.replace(/\.ts$/, `.${process.pid}.mjs`);
try {
  await build({
    entryPoints: [file],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  process.exitCode = spawnSync(process.execPath, [bundle, ...rest], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(bundle, { force: true });
}
