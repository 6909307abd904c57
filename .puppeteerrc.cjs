// The browser is looked up (or installed) by test/helpers/find-chromium.ts, so that `npm ci` downloads nothing beyond the registry.
module.exports = { skipDownload: true };
