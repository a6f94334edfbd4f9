type Labels = Readonly<Record<string, string>>;

/** `/metrics` as Prometheus would read it. */
export interface MetricsPage {
  /** By the metric's name. */
  readonly types: ReadonlyMap<string, string>;
  /** The names of all series, without labels. */
  readonly names: ReadonlySet<string>;
  /** The sum of the series that have these labels. Throws where there is none. */
  value(name: string, labels?: Labels): number;
  /** Each series of the name with its labels. */
  series(name: string): readonly { readonly labels: Labels; readonly value: number }[];
}

interface Line {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

const sampleLine = /^([a-z_][\w:]*)(?:\{(.*)\})? (\S+)$/i;

function parseLine(line: string): Line {
  const [, name, labels = '', value] = sampleLine.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`Expected a sample, got: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text] as const);
  return { name, labels: Object.fromEntries(pairs), value: value === '+Inf' ? Infinity : Number(value) };
}

export function parseMetrics(text: string): MetricsPage {
  const lines = text.split('\n').filter((line) => line !== '');
  const samples = lines.filter((line) => !line.startsWith('#')).map(parseLine);
  const types = lines.flatMap((line) =>
    [...line.matchAll(/^# TYPE (\S+) (\S+)$/g)].map(([, name = '', type = '']) => [name, type] as const),
  );
  const series = (name: string): readonly Line[] => samples.filter((sample) => sample.name === name);
  return {
    types: new Map(types),
    names: new Set(samples.map(({ name }) => name)),
    series,
    value(name, labels = {}) {
      const found = series(name).filter((sample) => Object.entries(labels).every(([key, text]) => sample.labels[key] === text));
      if (found.length === 0) throw new Error(`There is no ${name} with ${JSON.stringify(labels)} in:\n${text}`);
      return found.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

/** Reads it as it is now. */
export async function scrape(metricsUrl: string | null, headers: Readonly<Record<string, string>> = {}): Promise<MetricsPage> {
  const response = await fetch(metricsUrl ?? '', { headers });
  if (response.status !== 200) throw new Error(`Expected metrics, got ${response.status}: ${await response.text()}`);
  return parseMetrics(await response.text());
}
