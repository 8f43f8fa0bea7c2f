import { counted, numberInWords, tookInWords } from "../../base/times.ts";
import type { MinuteView } from "../counts/last_hour.ts";
import { type Html, html } from "./html.ts";

/** Width of a minute and height of a chart in the drawing's own units: the page stretches it. */
const STEP = 10;
const HEIGHT = 100;

/** The last hour in two drawings, each with its numbers in words. */
export function renderCharts(minutes: readonly MinuteView[]): Html {
  const peak = Math.max(1, ...minutes.map(({ delivered, dropped }) => delivered + dropped));
  const slowest = Math.max(0, ...minutes.map(({ slowMs }) => slowMs ?? 0));
  return html`
    <figure>
      <figcaption><b>Messages a minute</b> <span>${messagesInWords(
        minutes,
        peak,
      )}</span></figcaption>
      ${frame("Messages a minute in the last hour", minutes, messageBars(minutes, peak))}
      ${axis}
    </figure>
    <figure>
      <figcaption><b>Time to delivery</b> <span>${latencyInWords(
        minutes,
        slowest,
      )}</span></figcaption>
      ${frame(
        "Time to delivery in the last hour",
        minutes,
        latencyBars(minutes, Math.max(1, slowest)),
      )}
      ${axis}
    </figure>
  `;
}

const axis =
  html`<div class="axis" aria-hidden="true"><span>60 min ago</span><span>30</span><span>now</span></div>`;

function frame(label: string, minutes: readonly MinuteView[], inner: Html | Html[]): Html {
  return html`
    <svg role="img" aria-label="${label}" viewBox="0 0 ${minutes.length * STEP} ${HEIGHT}"
      preserveAspectRatio="none"><path class="grid" d="M0 25H600M0 50H600M0 75H600"/>${inner}</svg>
  `;
}

function messageBars(minutes: readonly MinuteView[], peak: number): Html[] {
  return minutes.flatMap(({ delivered, dropped }, i) => {
    const good = height(delivered, peak);
    const lost = height(dropped, peak);
    return [
      ...bar("delivered", i, HEIGHT - good, good),
      ...bar("dropped", i, HEIGHT - good - lost, lost),
    ];
  });
}

/** The slow ones behind, the usual time before them. */
function latencyBars(minutes: readonly MinuteView[], slowest: number): Html[] {
  return minutes.flatMap(({ medianMs, slowMs }, i) => {
    const slow = height(slowMs ?? 0, slowest);
    const usual = height(medianMs ?? 0, slowest);
    return [
      ...bar("slow", i, HEIGHT - slow, slow),
      ...bar("delivered", i, HEIGHT - usual, usual),
    ];
  });
}

function bar(kind: string, i: number, y: number, tall: number): Html[] {
  if (tall === 0) return [];
  return [
    html`
      <rect class="${kind}" x="${i * STEP + 1}" y="${y}" width="${STEP - 2}"
        height="${tall}" />
    `,
  ];
}

/** At least a sign where there was anything. */
function height(count: number, peak: number): number {
  return count === 0 ? 0 : Math.max(2, Math.round(count / peak * (HEIGHT - 4)));
}

function messagesInWords(minutes: readonly MinuteView[], peak: number): string {
  const delivered = minutes.reduce((sum, minute) => sum + minute.delivered, 0);
  const dropped = minutes.reduce((sum, minute) => sum + minute.dropped, 0);
  if (delivered + dropped === 0) return "none in the last hour";
  const lost = dropped === 0 ? "" : `, ${numberInWords(dropped)} not relayed`;
  return `${counted(delivered, "message")} delivered${lost}; most in a minute ${
    numberInWords(peak)
  }`;
}

function latencyInWords(minutes: readonly MinuteView[], slowest: number): string {
  const medians = minutes.flatMap(({ medianMs }) => medianMs ?? []).sort((a, b) => a - b);
  const middle = medians[Math.floor(medians.length / 2)];
  if (middle === undefined) return "nothing delivered in the last hour";
  return `usually ${tookInWords(middle)} (strong), the slowest up to ${
    tookInWords(slowest)
  } (pale)`;
}
