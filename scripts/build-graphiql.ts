import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';

/**
 * Bundles the GraphiQL page into `dist/graphiql/`: `index.html`, and beside it in `assets/` the scripts, workers, style and fonts, their names
 * carrying a hash of what is in them. The same sources give the same bytes. Another directory may be named: `build-graphiql.ts [directory]`.
 */

const esbuild = await import('esbuild').catch(() => null);
if (esbuild === null) {
  console.warn('The GraphiQL page is not built: esbuild was left out with the other development dependencies.');
  process.exit(0);
}
const { build } = esbuild;

const packageRoot = join(import.meta.dirname, '..');
const sources = join(packageRoot, 'src/graphiql');
const target = resolve(process.argv[2] ?? join(packageRoot, 'dist/graphiql'));

/** Fonts come inside their style sheets as base64; as files the browser fetches only those that a text needs. */
const fontFiles: Plugin = {
  name: 'font-files',
  setup(building) {
    building.onResolve({ filter: /^data:font\// }, ({ path }) => {
      const [, format, base64] = /^data:font\/(\w+);base64,(.+)$/.exec(path) ?? [];
      if (format === undefined || base64 === undefined) throw new Error(`Expected a base64 font, got ${path.slice(0, 40)}…`);
      const contents = Buffer.from(base64, 'base64');
      // Two fonts need two paths, or esbuild takes them for one.
      const name = createHash('sha256').update(contents).digest('hex').slice(0, 8);
      return { path: `font-${name}.${format}`, namespace: 'font', pluginData: contents };
    });
    building.onLoad({ filter: /.*/, namespace: 'font' }, ({ pluginData }) => ({ contents: pluginData as Buffer, loader: 'file' }));
  },
};

const common = (outdir: string): BuildOptions & { metafile: true } => ({
  absWorkingDir: packageRoot,
  outdir,
  bundle: true,
  minify: true,
  metafile: true,
  logLevel: 'warning',
  platform: 'browser',
  target: 'es2022',
  define: { 'process.env.NODE_ENV': '"production"' },
  // The notices of what is bundled travel with it, out of the way of what a browser loads.
  legalComments: 'external',
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]-[hash]',
  loader: { '.ttf': 'file', '.svg': 'copy' },
});

/** The file that was made of an entry point. */
function outputOf({ outputs }: Metafile, entryPoint: string): { readonly file: string; readonly style: string | null } {
  const found = Object.entries(outputs).find(([, output]) => output.entryPoint?.endsWith(entryPoint));
  if (found === undefined) throw new Error(`esbuild made no output of the entry point ${entryPoint}`);
  const [path, { cssBundle }] = found;
  return { file: basename(path), style: cssBundle === undefined ? null : basename(cssBundle) };
}

/** Classic scripts, each complete in itself: a worker that imports chunks would need the module kind, which Monaco does not ask for. */
async function buildWorkers(outdir: string): Promise<Readonly<Record<string, string>>> {
  const entryPoints = {
    editor: 'monaco-editor/esm/vs/editor/editor.worker.js',
    json: 'monaco-editor/esm/vs/language/json/json.worker.js',
    graphql: 'monaco-graphql/esm/graphql.worker.js',
  };
  const { metafile } = await build({
    ...common(outdir),
    entryPoints: Object.entries(entryPoints).map(([name, path]) => ({ in: path, out: `${name}.worker` })),
    format: 'iife',
  });
  return Object.fromEntries(Object.entries(entryPoints).map(([name, path]) => [name, outputOf(metafile, path).file]));
}

async function buildPage(outdir: string, workers: Readonly<Record<string, string>>): Promise<Metafile> {
  const options = common(outdir);
  const { metafile } = await build({
    ...options,
    entryPoints: [join(sources, 'main.tsx'), join(sources, 'page.css'), join(sources, 'icon.svg')],
    define: { ...options.define, PARLEY_WORKER_FILES: JSON.stringify(workers) },
    format: 'esm',
    // The editor's bulk, the formatter and the like load after the frame of the page.
    splitting: true,
    jsx: 'automatic',
    plugins: [fontFiles],
  });
  // The entry point's style sheet holds those of the chunks as well.
  const doubled = Object.keys(metafile.outputs).filter((path) => basename(path).startsWith('chunk-') && path.endsWith('.css'));
  await Promise.all(doubled.map((path) => rm(join(packageRoot, path))));
  return metafile;
}

async function writeIndex(directory: string, metafile: Metafile): Promise<void> {
  const main = outputOf(metafile, 'main.tsx');
  const icon = Object.keys(metafile.outputs).find((path) => path.endsWith('.svg'));
  if (main.style === null || icon === undefined) throw new Error('esbuild made no style sheet of the editor or no icon');
  const files = { script: main.file, 'editor-style': main.style, 'page-style': outputOf(metafile, 'page.css').file, icon: basename(icon) };
  const template = await readFile(join(sources, 'page.html'), 'utf8');
  // The endpoint stays open: the server knows it.
  const html = Object.entries(files).reduce((text, [name, file]) => text.replaceAll(`{{${name}}}`, `graphiql/${file}`), template);
  await writeFile(join(directory, 'index.html'), html);
}

const startedAt = performance.now();
// Built beside and moved into place: a gateway that starts meanwhile finds the old page or the new one, never half of it.
const building = `${target}.building`;
await rm(building, { recursive: true, force: true });
const assets = join(building, 'assets');
await mkdir(assets, { recursive: true });
const metafile = await buildPage(assets, await buildWorkers(assets));
await writeIndex(building, metafile);
await rm(target, { recursive: true, force: true });
await rename(building, target);

const sizes = await Promise.all(
  (await readdir(join(target, 'assets'))).map(async (name) => (await stat(join(target, 'assets', name))).size),
);
const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 1_000_000;
console.log(
  `GraphiQL page: ${relative(process.cwd(), target)}, ${sizes.length} files, ${megabytes.toFixed(1)} MB, ${Math.round(performance.now() - startedAt)} ms`,
);
