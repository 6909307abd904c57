import { DEFAULTS, type Settings } from './settings';

/** What the chosen style's pack sets by itself. */
export type StyleDefaults = Pick<Settings, 'exemplar' | 'structure' | 'color' | 'keepColor'>;

function literal(value: unknown): string {
  if (typeof value === 'object') return JSON.stringify(value, (_, item: unknown) => (typeof item === 'number' ? Math.round(item * 100) / 100 : item));
  return typeof value === 'string' ? `'${value.replace(/[\\']/g, '\\$&')}'` : String(Math.round(Number(value) * 100) / 100);
}

function differing(values: Readonly<Record<string, unknown>>, defaults: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values)
    .filter(([key, value]) => value !== defaults[key])
    .map(([key, value]) => `${key}: ${literal(value)}`);
}

/** The lines that give another page the same picture: only what differs from the defaults is spelled out. */
export function snippetFor(settings: Settings, styleDefaults: StyleDefaults): string {
  const { style, exemplar, mix, structure, color, keepColor, ...rest } = settings;
  const ofStyle = differing({ ...(mix ? { mix } : { exemplar }), structure, color, keepColor }, { ...styleDefaults });
  const styleText = ofStyle.length === 0 ? literal(style) : `{ ${[`id: ${literal(style)}`, ...ofStyle].join(', ')} }`;
  const lines = [`style: ${styleText}`, ...differing({ ...rest }, { ...DEFAULTS })];
  const options = lines.length === 1 && ofStyle.length === 0 ? `{ ${lines[0]} }` : `{\n${lines.map((line) => `  ${line},\n`).join('')}}`;
  return `import { StyleFilter } from 'stylefilter';\n\nconst video = document.querySelector('video');\nconst filter = await StyleFilter.attach(video, ${options});`;
}
