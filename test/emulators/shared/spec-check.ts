import { type OpenApiDocument, type OpenApiOperation, type OpenApiParameter, resolve } from './openapi-schema.ts';
import type { EmulatorRequest } from './request-log.ts';
import { createSpecValidator } from './spec-validator.ts';

/** A known difference between the spec and the service, where the service is right. */
export interface SpecException {
  /** As in a violation: `PATCH /v1/sessions/{id}`. Undefined = any. */
  readonly operation?: string;
  /** How the violation's problem begins: `query.before`, `body /metadata`. */
  readonly problem: string;
  /** What the service does instead, and how that is known. */
  readonly reason: string;
}

export interface SpecOptions {
  /** The parsed document. */
  readonly document: unknown;
  /** Of the emulator's routes, in front of the document's paths. @default the path of the document's first server */
  readonly basePath?: string;
  readonly exceptions?: readonly SpecException[];
}

export interface Violation {
  readonly method: string;
  readonly url: string;
  /** `GET /v1/sessions/{id}` as the document has it; null where it has none. */
  readonly operation: string | null;
  /** Where and what: `query.limit must be <= 100`, `body /rules/maxUsers must be integer`. */
  readonly problem: string;
}

export interface SpecCheck {
  readonly violations: readonly Violation[];
  readonly replyViolations: readonly Violation[];
  request(request: EmulatorRequest, unknown: boolean): void;
  reply(request: EmulatorRequest, status: number, body: string): void;
  clear(): void;
}

interface Operation {
  readonly name: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly operation: OpenApiOperation;
  readonly parameters: readonly OpenApiParameter[];
}

export function createSpecCheck(options: SpecOptions): SpecCheck {
  const document = options.document as OpenApiDocument;
  const base = options.basePath ?? new URL(document.servers?.[0]?.url.replaceAll(/[{}]/g, '') ?? '/', 'http://localhost').pathname;
  const operations = operationsOf(document, base.replace(/\/$/, ''));
  const validate = createSpecValidator(document);
  const violations: Violation[] = [];
  const replyViolations: Violation[] = [];
  const report = (into: Violation[], { method, url }: EmulatorRequest, operation: string | null, problems: readonly string[]): void => {
    for (const problem of problems) {
      const excepted = options.exceptions?.some(
        (each) => (each.operation === undefined || each.operation === operation) && problem.startsWith(each.problem),
      );
      if (excepted !== true) into.push({ method, url, operation, problem });
    }
  };
  const find = ({ method, url }: EmulatorRequest): (Operation & { readonly values: readonly string[] }) | null => {
    const [path = ''] = url.split('?', 1);
    for (const each of operations) {
      const match = each.name.startsWith(`${method} `) ? each.pattern.exec(path) : null;
      if (match !== null) return { ...each, values: match.slice(1) };
    }
    return null;
  };

  return {
    violations,
    replyViolations,
    request(request, unknown) {
      const found = find(request);
      if (found === null) {
        if (unknown) report(violations, request, null, ['neither the spec nor the emulator knows it']);
        return;
      }
      const { operation, parameters, names, values } = found;
      const query = new URL(request.url, 'http://localhost').searchParams;
      const problems = parameters.flatMap((parameter) => {
        const { name, in: place } = parameter;
        const given =
          place === 'path' ? [decodeURIComponent(values[names.indexOf(name)] ?? '')] : place === 'query' ? query.getAll(name) : [];
        if (place !== 'path' && place !== 'query') return [];
        if (given.length === 0) return parameter.required === true ? [`${place}.${name} is missing`] : [];
        return validate.parameter(parameter, given).map((text) => `${place}.${name} ${text}`);
      });
      const documented = new Set(parameters.filter((each) => each.in === 'query').map((each) => each.name));
      for (const name of new Set(query.keys())) if (!documented.has(name)) problems.push(`query.${name} is not in the spec`);
      if (operation.requestBody !== undefined) {
        const body = resolve(document, operation.requestBody);
        if (request.body !== undefined) problems.push(...validate.body(body, request.body, 'request').map((text) => `body ${text}`));
        else if ('required' in body && body.required) problems.push('body is missing');
      } else if (request.body !== undefined) problems.push('body is not in the spec');
      report(violations, request, found.name, problems);
    },
    reply(request, status, text) {
      const found = find(request);
      if (found === null) return;
      const { responses = {} } = found.operation;
      const documented = responses[status] ?? responses[`${Math.floor(status / 100)}XX`] ?? responses['default'];
      if (documented === undefined) return report(replyViolations, request, found.name, [`status ${status} is not in the spec`]);
      let body: unknown;
      try {
        body = JSON.parse(text);
      } catch {
        return;
      }
      const problems = validate.body(resolve(document, documented), body, 'reply');
      report(
        replyViolations,
        request,
        found.name,
        problems.map((problem) => `${status} ${problem}`),
      );
    },
    clear() {
      violations.length = 0;
      replyViolations.length = 0;
    },
  };
}

/** Those with the fewest placeholders first: `/sessions/health` before `/sessions/{id}`. */
function operationsOf(document: OpenApiDocument, base: string): readonly Operation[] {
  const methods = ['get', 'post', 'put', 'patch', 'delete'];
  return Object.entries(document.paths)
    .flatMap(([path, item]) => {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
      const escaped = `${base}${path}`.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`).replaceAll(/\{\w+\}/g, '([^/]+)');
      const shared = (item['parameters'] ?? []) as readonly OpenApiParameter[];
      return methods
        .filter((method) => item[method] !== undefined)
        .map((method) => {
          const operation = item[method] as OpenApiOperation;
          const parameters = [...shared, ...(operation.parameters ?? [])].map((each) => resolve<OpenApiParameter>(document, each));
          return { name: `${method.toUpperCase()} ${path}`, pattern: new RegExp(`^${escaped}/?$`), names, operation, parameters };
        });
    })
    .sort((one, other) => one.names.length - other.names.length);
}
