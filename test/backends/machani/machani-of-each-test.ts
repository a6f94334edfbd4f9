import { afterEach, beforeEach } from 'vitest';
import type { MachaniOptions } from '../../../src/backends/machani/options.ts';
import type { Service } from '../../../src/core/service.ts';
import { type MachaniEmulator, type MachaniEmulatorOptions, createMachaniEmulator } from '../../emulators/machani/emulator.ts';
import { type RemoteBackend, checkRequests, createBackend } from './support.ts';

/** An emulated service and a backend of it; read anew in each test, as both are other ones there. */
export interface MachaniAtHand {
  readonly emulator: MachaniEmulator;
  readonly backend: RemoteBackend;
  readonly service: Service;
  /** Starts both again with other options. */
  restart(options?: MachaniEmulatorOptions, own?: Partial<MachaniOptions>): Promise<void>;
  /** Puts another backend in the place of this one. */
  reconnect(url: string, own?: Partial<MachaniOptions>): Promise<void>;
}

/** Starts both before each test of the file, and ends them after it. What the service was asked wrongly fails the test. */
export function machaniOfEachTest(): MachaniAtHand {
  let emulator: MachaniEmulator;
  let backend: RemoteBackend;

  async function start(options: MachaniEmulatorOptions = {}, own: Partial<MachaniOptions> = {}): Promise<void> {
    emulator = await createMachaniEmulator(options);
    backend = createBackend(emulator.url, own);
  }
  async function stop(): Promise<void> {
    await backend[Symbol.asyncDispose]();
    await emulator[Symbol.asyncDispose]();
  }

  beforeEach(() => start());
  afterEach(async () => {
    checkRequests(emulator);
    await stop();
  });

  return {
    get emulator() {
      return emulator;
    },
    get backend() {
      return backend;
    },
    get service() {
      return backend.service;
    },
    async restart(...options) {
      await stop();
      await start(...options);
    },
    async reconnect(...options) {
      await backend[Symbol.asyncDispose]();
      backend = createBackend(...options);
    },
  };
}
