// Preloaded into the unmodified RapidX client: NODE_OPTIONS="--require …/redirect_venues.cjs".
//
// The client reads tickers, books, candles and open interest from the venues' public hosts,
// which are written into its code; there is no setting for them. This sends those requests,
// path and query unchanged, to a server of ours:
//
//   OPENPRIME_VENUE_URL   base URL that answers /fapi/v1/…, /api/v3/… and /api/v5/…
//   LTP_API_HOST          the broker (the client's own variable): passes through
//
// Whatever else the client asks for is refused, so that a test can reach nobody's real market.
// The client calls the global fetch and no other network function, hence only that is replaced.
"use strict";

const VENUES = new Set([
  "https://fapi.binance.com",
  "https://api.binance.com",
  "https://www.okx.com",
]);

const target = process.env.OPENPRIME_VENUE_URL;
if (!target) {
  throw new Error("redirect_venues.cjs: OPENPRIME_VENUE_URL is not set");
}
const broker = process.env.LTP_API_HOST ? new URL(process.env.LTP_API_HOST).origin : undefined;
const realFetch = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : String(input));
  if (VENUES.has(url.origin)) {
    return realFetch(new URL(url.pathname + url.search, target), init);
  }
  if (url.origin === broker || url.origin === new URL(target).origin) {
    return realFetch(input, init);
  }
  throw new Error(`redirect_venues.cjs: ${url.origin} is neither the broker nor a venue`);
};
