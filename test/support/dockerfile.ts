import { execFile } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An instruction with what stands behind its name, comments and line ends taken out. */
export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** A stage: what follows one FROM. */
export interface Stage {
  /** By `AS`, else its number. */
  readonly name: string;
  readonly image: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile. Of its language it knows what ours uses. */
export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): Instruction => {
      const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
      if (name === '') throw new Error(`Expected an instruction of a Dockerfile, got ${line}`);
      return { name, rest };
    });
  const args = new Map(lines.filter(({ name }) => name === 'ARG').map(({ rest }) => rest.split('=', 2) as [string, string]));
  const starts = lines.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  return starts.map((start, number) => {
    const [image = '', , name = `${number}`] = (lines[start]?.rest ?? '').split(' ');
    return {
      name,
      image: image.replaceAll(/\$\{(\w+)\}/g, (_, arg: string) => args.get(arg) ?? ''),
      instructions: lines.slice(start + 1, starts[number + 1]),
    };
  });
}

/** What stands behind an instruction that is there once. */
export function only({ instructions }: Stage, name: string): string {
  const [found, ...more] = instructions.filter((instruction) => instruction.name === name);
  if (found === undefined || more.length > 0)
    throw new Error(`Expected one ${name}, got ${instructions.length === 0 ? 0 : more.length + 1}`);
  return found.rest;
}

/** `ENV A=1 B=2`. */
export const variablesOf = ({ instructions }: Stage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    instructions
      .filter(({ name }) => name === 'ENV')
      .flatMap(({ rest }) => rest.split(' ').map((pair) => pair.split('=', 2) as [string, string])),
  );

/** The names of a context that a .dockerignore of the form "nothing but these" lets through. */
export function letThrough(ignore: string): readonly string[] {
  const [everything, ...names] = ignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const others = names.filter((name) => !/^![\w.-]+$/.test(name));
  if (everything !== '*' || others.length > 0)
    throw new Error(`Expected a .dockerignore of * and names that are let through, got ${others.join()}`);
  return names.map((name) => name.slice(1));
}

/**
 * Does what COPY does: a folder's content goes where it is copied to, a file goes into a folder or takes the name.
 *
 * @param link - Make hard links, which takes less time: nobody changes the files.
 */
export async function copy(
  sources: readonly string[],
  target: string,
  { into, link }: { readonly into: boolean; readonly link: boolean },
): Promise<void> {
  await mkdir(into ? target : dirname(target), { recursive: true });
  for (const source of sources) {
    const isFolder = (await stat(source)).isDirectory();
    if (isFolder) await mkdir(target, { recursive: true });
    await run('cp', [link ? '-al' : '-a', isFolder ? `${source}/.` : source, target]);
  }
}
