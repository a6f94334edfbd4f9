import { type Span, SpanKind, SpanStatusCode, type TextMapGetter, context, propagation, trace } from '@opentelemetry/api';
import type { Failing } from './failure-code.ts';

/** A span that is open. */
export interface OpenSpan {
  /** What it does belongs to the span. */
  run<T>(work: () => T): T;
  end(failing: Failing | null): void;
}

/** One attempt at a request to a service. */
export interface TracedSending {
  readonly backend: string;
  readonly method: string;
  /** With placeholders for ids. */
  readonly path: string;
  readonly attempt: number;
}

export interface Tracing {
  /** Runs the work as part of the trace that the carrier names, by the propagation that was set up. */
  within<T>(carrier: object, work: () => T): T;
  operation(kind: string, name: string | null): OpenSpan;
  commit(driver: string, kind: string): OpenSpan & { outcome(name: string): void };
  /** The headers carry the trace on. */
  sending(call: TracedSending): {
    readonly headers: Readonly<Record<string, string>>;
    end(result: { readonly status: number | null; readonly done: boolean }): void;
  };
}

const nameLength = 100;

const own: TextMapGetter<object> = {
  keys: (carrier) => Object.keys(carrier),
  get(carrier, key) {
    const value: unknown = Object.hasOwn(carrier, key) ? (carrier as Readonly<Record<string, unknown>>)[key] : undefined;
    return typeof value === 'string' ? value : undefined;
  },
};

/** Whether somebody takes spans. The API's own provider hands them to the one that was registered. */
function isSetUp(): boolean {
  const provider = trace.getTracerProvider() as { readonly getDelegateTracer?: (name: string) => unknown };
  return provider.getDelegateTracer === undefined || provider.getDelegateTracer('parley') !== undefined;
}

/** Spans by whatever SDK was registered before. Null = none was: then nothing is done for it, whatever is registered later. */
export function createTracing(version: string): Tracing | null {
  if (!isSetUp()) return null;
  const tracer = trace.getTracer('parley', version);

  const opened = (span: Span): OpenSpan => {
    const within = trace.setSpan(context.active(), span);
    return {
      run: (work) => context.with(within, work),
      end(failing) {
        if (failing !== null) {
          span.setAttribute('parley.problem.code', failing.code);
          // What a caller may not have is no failure of the gateway's.
          if (failing.ours) span.setStatus({ code: SpanStatusCode.ERROR, message: failing.code });
        }
        span.end();
      },
    };
  };

  return {
    within: (carrier, work) => context.with(propagation.extract(context.active(), carrier, own), work),
    operation: (kind, name) =>
      opened(
        tracer.startSpan(`GraphQL ${kind}`, {
          kind: SpanKind.SERVER,
          attributes: { 'graphql.operation.type': kind, ...(name && { 'graphql.operation.name': name.slice(0, nameLength) }) },
        }),
      ),
    commit(driver, kind) {
      const span = tracer.startSpan('commit', {
        kind: SpanKind.INTERNAL,
        attributes: { 'parley.store.driver': driver, 'parley.commit.kind': kind },
      });
      return { ...opened(span), outcome: (name) => void span.setAttribute('parley.commit.outcome', name) };
    },
    sending({ backend, method, path, attempt }) {
      const span = tracer.startSpan(`${method} ${path}`, {
        kind: SpanKind.CLIENT,
        attributes: { 'parley.backend': backend, 'http.request.method': method, 'url.template': path },
      });
      if (attempt > 1) span.setAttribute('http.request.resend_count', attempt - 1);
      const headers: Record<string, string> = {};
      propagation.inject(trace.setSpan(context.active(), span), headers);
      return {
        headers,
        end({ status, done }) {
          if (status !== null) span.setAttribute('http.response.status_code', status);
          if (!done) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
  };
}
