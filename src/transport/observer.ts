/** Runs the work as part of the trace that the carrier names: headers, or what stands in for them. */
export type Within = <T>(carrier: object, work: () => T) => T;

/** Who looks on while the gateway answers. None of it must throw. */
export interface TransportObserver {
  /** Is told of each answer over HTTP: by which route, undefined where there is none at that address, and with which status. */
  readonly onAnswer?: ((route: string | undefined, status: number) => void) | undefined;
  readonly within?: Within | undefined;
}
