import type { Bus } from '../core/ports.ts';
import { createInProcessBus } from './in-process.ts';

export type BusDriver = 'in-process' | 'postgres' | 'redis' | 'nats';

export interface BusConfig {
  readonly driver: BusDriver;
  /** Where the server is. Null = the driver has none. */
  readonly url: string | null;
  /** Gateways hear those of the same channel. */
  readonly channel: string;
}

/** What a bus tells of itself. */
export interface BusEvents {
  readonly onDown: (error: Error) => void;
  readonly onUp: () => void;
  readonly onError: (error: unknown) => void;
}

type Open = (config: BusConfig, events: BusEvents) => Promise<Bus>;

function urlOf({ driver, url }: BusConfig): string {
  if (url === null) throw new Error(`Expected the bus ${driver} to be given a URL, got null.`);
  return url;
}

/** The drivers by the name that a configuration knows them by: one line for each. Their clients are loaded where they are named. */
export const busDrivers: Readonly<Record<BusDriver, Open>> = {
  'in-process': async (_, { onError }) => createInProcessBus(onError),
  postgres: async (config, events) => (await import('./postgres.ts')).createPostgresBus({ ...config, url: urlOf(config), ...events }),
  redis: async (config, events) => (await import('./redis.ts')).createRedisBus({ ...config, url: urlOf(config), ...events }),
  nats: async (config, events) => (await import('./nats.ts')).createNatsBus({ ...config, url: urlOf(config), ...events }),
};

/** Opens the bus that the configuration names. A server that is not there does not keep it from opening: it is connected once it is. */
export const openBus = (config: BusConfig, events: BusEvents): Promise<Bus> => busDrivers[config.driver](config, events);
