import { describe, expect, it } from 'vitest';
import { SettingsSync } from '../../../sdk/engine/settings-sync';
import { resolveOptions, type EngineSettings } from '../../../sdk/options';

const base = resolveOptions({ style: 'comic' }, 'https://example.test/assets/').settings;
const withOpacity = (opacity: number): EngineSettings => ({ ...base, opacity });

function setUp() {
  const sent: { opacity: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  const sync = new SettingsSync(base, ({ opacity }) => new Promise((resolve, reject) => sent.push({ opacity, resolve, reject })));
  return { sync, sent };
}

const later = () => new Promise<void>((resolve) => setTimeout(resolve));

describe('SettingsSync', () => {
  it('joins changes that come while one is under way and sends only the newest', async () => {
    const { sync, sent } = setUp();
    const changes = [0.1, 0.2, 0.3, 0.4].map((opacity) => sync.change(withOpacity(opacity)));
    sent[0]!.resolve();
    await later();
    expect(sent.map(({ opacity }) => opacity)).toEqual([0.1, 0.4]);
    sent[1]!.resolve();
    await Promise.all(changes);
    expect(sync.wanted.opacity).toBe(0.4);
  });

  it('wants the settings in force again after a refused change, and takes the next one', async () => {
    const { sync, sent } = setUp();
    const refused = sync.change(withOpacity(0.1));
    sent[0]!.reject(new Error('no such look'));
    await expect(refused).rejects.toThrow('no such look');
    expect(sync.wanted).toBe(base);
    const taken = sync.change(withOpacity(0.2));
    sent[1]!.resolve();
    await taken;
    expect(sync.wanted.opacity).toBe(0.2);
  });

  it('lets a newer change replace one that fails', async () => {
    const { sync, sent } = setUp();
    const first = sync.change(withOpacity(0.1));
    void sync.change(withOpacity(0.2));
    sent[0]!.reject(new Error('replaced'));
    await later();
    sent[1]!.resolve();
    await first;
    expect(sync.wanted.opacity).toBe(0.2);
  });
});
