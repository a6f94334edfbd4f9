/** Where a setting comes from. */
export type ConfigSource = 'default' | 'file' | 'env' | 'flag';

/** Stands for a value that is not printed. */
export const hidden = '(hidden)';

/** One mistake in the configuration. */
export interface ConfigIssue {
  /** The setting, dotted; the name of a variable that names no setting; empty for the file as a whole. */
  readonly path: string;
  /** 'default' = nobody gave what had to be given. */
  readonly source: ConfigSource;
  /** What was expected, in words. */
  readonly rule: string;
  /** What was found, as it may be printed: `(hidden)` for secrets. */
  readonly value: string;
  /** All of it as one sentence, with the next step where there is one. */
  readonly message: string;
}

/** The configuration cannot be used. Holds every mistake that was found in it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    const count = issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`;
    super(`The configuration has ${count}:\n${issues.map(({ message }) => `  - ${message}`).join('\n')}`);
    this.issues = issues;
  }
}
