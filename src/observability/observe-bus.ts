import type { Bus } from '../core/ports.ts';
import type { Instruments } from './instruments.ts';

/** The bus, with its hints counted. */
export function observeBus(bus: Bus, { hintsPublished, hintsHeard, busGaps }: Instruments): Bus {
  // By a subscriber of its own: others come and go, and each would hear of the same hint.
  bus.subscribe(
    () => hintsHeard.inc(),
    () => busGaps.inc(),
  );
  return {
    ...bus,
    publish(hint) {
      hintsPublished.inc();
      bus.publish(hint);
    },
  };
}

export interface BusLife {
  readonly onDown: (error: Error) => void;
  readonly onUp: () => void;
}

/** The same, and whether there is a connection is known. */
export const observeBusLife = <T extends BusLife>(events: T, { busUp }: Instruments): T => ({
  ...events,
  onDown(error: Error) {
    busUp.set(0);
    events.onDown(error);
  },
  onUp() {
    busUp.set(1);
    events.onUp();
  },
});
