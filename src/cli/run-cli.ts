import { Command, CommanderError } from 'commander';
import type { MigrateFlags } from './commands/migrate.ts';
import { addConfigFlags, type ParsedFlags } from './config-flags.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { describeFailure } from './failure.ts';
import { packageVersion } from '../config/package-version.ts';

const helpAfter = `
The command is \`start\` where none is named. Exit codes: 0 done, 1 failed, 2 wrong usage.
Settings come from parley.config.ts, environment variables over it, flags over them: see docs/configuration.md.`;

/** The commands. Each loads its own module when it runs, so that `--help` does not wait for a gateway. */
async function createProgram(): Promise<Command> {
  const program = new Command('parley')
    .description('One GraphQL API for every session backend.')
    .version(await packageVersion(), '-v, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print this help.')
    .helpCommand('help [command]', 'Print the help of a command.')
    .addHelpText('after', helpAfter)
    .showSuggestionAfterError()
    .exitOverride();

  addConfigFlags(program.command('start'))
    .description('Run the gateway until SIGTERM or SIGINT. A second signal ends it at once.')
    .action(async (flags: ParsedFlags) => {
      const { start } = await import('./commands/start.ts');
      await start(flags);
    });
  addConfigFlags(program.command('check'))
    .description(
      'Check the configuration, the store and the backends: print every setting in force and where it comes from, or every mistake. Fails where a backend is not UP.',
    )
    .action(async (flags: ParsedFlags) => {
      const { check } = await import('./commands/check.ts');
      await check(flags);
    });
  program
    .command('schema')
    .description('Print the GraphQL schema.')
    .option('-o, --output <file>', 'Write it to a file instead.')
    .action(async (flags: { readonly output?: string }) => {
      const { schema } = await import('./commands/schema.ts');
      await schema(flags);
    });

  program
    .command('migrate')
    .description(
      'Copy all records of a store to another one and verify the copy. Ended at any time, it goes on when it is run again. Stop the gateways before the last run.',
    )
    .requiredOption('--from <address>', 'sqlite:<data directory or file> or postgres://user@host:5432/database.')
    .requiredOption('--to <address>', 'The same: empty, or what an earlier run has copied there.')
    .option('--verify-only', 'Write nothing: compare both, and fail where they differ.')
    .action(async (flags: MigrateFlags) => {
      const { migrate } = await import('./commands/migrate.ts');
      await migrate(flags);
    });

  const keys = program.command('keys').description('Make, list and revoke API keys. The gateway may run meanwhile.');
  addConfigFlags(keys.command('create'))
    .description('Make an API key and print it. It is never shown again.')
    .requiredOption('--name <name>', 'Whom or what it is for, 1 to 100 characters.')
    .option('--tier <tier>', 'FREE, PRO or ENTERPRISE.', 'FREE')
    .option('--json', 'Print JSON.')
    .action(async (flags: ParsedFlags & { readonly name: string; readonly tier: string }) => {
      const { createKey } = await import('./commands/keys.ts');
      await createKey(flags);
    });
  addConfigFlags(keys.command('list'))
    .description('List the API keys, newest first.')
    .option('--json', 'Print JSON.')
    .action(async (flags: ParsedFlags) => {
      const { listKeys } = await import('./commands/keys.ts');
      await listKeys(flags);
    });
  addConfigFlags(keys.command('revoke'))
    .description('Revoke an API key for good: every gateway on the store refuses it within a second.')
    .argument('<id>', 'The id that `parley keys list` shows.')
    .option('--json', 'Print JSON.')
    .action(async (id: string, flags: ParsedFlags) => {
      const { revokeKey } = await import('./commands/keys.ts');
      await revokeKey(id, flags);
    });
  return program;
}

const ofTheProgram = new Set(['-h', '--help', '-v', '--version']);

/** Flags without a command are those of `start`. */
const withCommand = ([first, ...rest]: readonly string[]): readonly string[] => {
  if (first === undefined) return ['start'];
  return first.startsWith('-') && !ofTheProgram.has(first) ? ['start', first, ...rest] : [first, ...rest];
};

/** Runs `parley` with the arguments behind its name. Answers with the exit code; never throws. */
export async function runCli(args: readonly string[]): Promise<ExitCode> {
  // Whoever reads the output has seen enough, as `head`. The rest of it is nobody's.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? exitCodes.ok : exitCodes.failure));
  try {
    const program = await createProgram();
    await program.parseAsync(withCommand(args), { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    process.stderr.write(`${describeFailure(error)}\n`);
    return exitCodes.failure;
  }
}
