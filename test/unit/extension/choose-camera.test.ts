import { describe, expect, it } from 'vitest';
import { meansVirtualCamera } from '../../../demo/extension/page/choose-camera';

const OURS = { deviceId: 'ours', groupId: 'our-group' };

describe('a request for video means the virtual camera', () => {
  it.each<[string, unknown]>([
    ['a string', { deviceId: 'ours' }],
    ['an array', { deviceId: ['other', 'ours'] }],
    ['exact', { deviceId: { exact: 'ours' } }],
    ['an exact array', { deviceId: { exact: ['other', 'ours'] } }],
    ['ideal', { deviceId: { ideal: 'ours' } }],
    ['an ideal array', { deviceId: { ideal: ['ours'] } }],
    ['an advanced set', { advanced: [{ width: 1920 }, { deviceId: 'ours' }] }],
    ['its group', { groupId: { exact: 'our-group' } }],
    ['constraints of before 2016', { optional: [{ sourceId: 'ours' }] }],
    ['the same, mandatory', { mandatory: { sourceId: 'ours', minWidth: 640 } }],
  ])('named by %s', (_, video) => {
    expect(meansVirtualCamera(video, OURS, false)).toBe(true);
    expect(meansVirtualCamera(video, OURS, true)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['no constraints', true],
    ['only a size', { width: 1280, height: { min: 480 } }],
    ['an empty id', { deviceId: '' }],
    ['the user’s side', { facingMode: 'user' }],
  ])('named by nothing (%s), if any camera may be this one', (_, video) => {
    expect(meansVirtualCamera(video, OURS, true)).toBe(true);
    expect(meansVirtualCamera(video, OURS, false)).toBe(false);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no video', false],
    ['another id', { deviceId: 'other' }],
    ['another exact id', { deviceId: { exact: 'other' } }],
    ['an exact id beside ours as ideal', { deviceId: { exact: 'other', ideal: 'ours' } }],
    ['another group', { deviceId: 'ours', groupId: { exact: 'other-group' } }],
    ['the other side', { facingMode: { exact: 'environment' } }],
    ['the screen', { mandatory: { chromeMediaSource: 'desktop' } }],
  ])('but not with %s', (_, video) => {
    expect(meansVirtualCamera(video, OURS, true)).toBe(false);
  });
});
