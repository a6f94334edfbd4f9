import { writeFile } from 'node:fs/promises';
import { readSchemaText } from '../../graphql/schema.ts';
import { CommandFailure } from '../failure.ts';

/** `parley schema`: the public schema, on standard output or in a file. */
export async function schema({ output }: { readonly output?: string }): Promise<void> {
  const sdl = readSchemaText();
  if (output === undefined) {
    process.stdout.write(sdl);
    return;
  }
  try {
    await writeFile(output, sdl);
  } catch (error) {
    throw new CommandFailure(`The schema cannot be written to ${output}`, { cause: error });
  }
}
