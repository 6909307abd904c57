import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { DEFAULTS, type Settings } from '../../../demo/page/settings';
import { snippetFor } from '../../../demo/page/snippet';

const styleDefaults = { exemplar: 'classic', structure: 1, color: 1, keepColor: 0 };
const settings: Settings = { ...DEFAULTS, style: 'comic', ...styleDefaults };

describe('code snippet', () => {
  it('is one line where everything is as the library has it', () => {
    expect(snippetFor(settings, styleDefaults).split('\n').at(-1)).toBe("const filter = await StyleFilter.attach(video, { style: 'comic' });");
  });

  it('spells out what differs, and only that', () => {
    const text = snippetFor({ ...settings, exemplar: 'noir', keepColor: 0.254, background: 'blur', maxFaces: 2 }, styleDefaults);
    expect(text).toContain("  style: { id: 'comic', exemplar: 'noir', keepColor: 0.25 },\n  background: 'blur',\n  maxFaces: 2,\n});");
    expect(text).not.toMatch(/structure|opacity|backend/);
  });

  it('is a program', async () => {
    const text = snippetFor({ ...settings, exemplar: "it's" }, styleDefaults);
    await expect(transform(text)).resolves.toBeDefined();
  });
});
