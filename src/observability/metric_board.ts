import type * as Prom from "prom-client";

export type SetValue = (labels: Record<string, string>, value: number) => void;

/** Numbers that are looked up whenever somebody asks. */
export class MetricBoard {
  readonly #prom: typeof Prom;
  readonly #registry: Prom.Registry;

  constructor(prom: typeof Prom, registry: Prom.Registry) {
    this.#prom = prom;
    this.#registry = registry;
  }

  counter(name: string, help: string, labelNames: string[], fill: (set: SetValue) => void): void {
    new this.#prom.Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        fill((labels, value) => this.inc(labels, value));
      },
    });
  }

  gauge(name: string, help: string, labelNames: string[], fill: (set: SetValue) => void): void {
    new this.#prom.Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        fill((labels, value) => this.set(labels, value));
      },
    });
  }
}
