import { describe, expect, test } from 'vitest';
import { parseMounts, placesOf } from './fs-mounts.ts';

/** As Linux writes them: a plain disk, a partition, a bind of a folder, one by a name with a blank, btrfs, a tmpfs. */
const LINES = `22 28 0:21 / /proc rw,nosuid shared:13 - proc proc rw
28 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro
29 28 8:3 / /home rw,relatime shared:2 - ext4 /dev/sda3 rw
`;
const HOME = '/home/ada/.config/Fastband';

function places(line: string, home = HOME): string[] {
  return placesOf(home, parseMounts(LINES + line)).filter((one) => one !== home);
}

describe('where Fastband’s folder is to be had by mounts [FS-3]', () => {
  test.each([
    ['itself', '8:3 /ada/.config/Fastband /srv/shop/x', ['/srv/shop/x']],
    ['the folder above it', '8:3 /ada/.config /srv/shop/x', ['/srv/shop/x/Fastband']],
    ['its whole disk', '8:3 / /srv/shop/x', ['/srv/shop/x/ada/.config/Fastband']],
    ['a folder in it', '8:3 /ada/.config/Fastband/journal /srv/j', ['/srv/j']],
    ['a file of it', '8:3 /ada/.config/Fastband/settings.json /srv/s.json', ['/srv/s.json']],
    ['by a name with a blank', '8:3 /ada/.config/Fastband /srv/my\\040shop\\134x', ['/srv/my shop\\x']],
    ['its twin by name', '8:3 /ada/.config/Fastband-old /srv/x', []],
    ['the same path of another disk', '8:4 /ada/.config/Fastband /srv/x', []],
    ['a folder beside it', '8:3 /ada/work /srv/x', []],
    ['what was deleted', '8:3 /ada/old//deleted /srv/x', []],
  ])('%s', (_name, mount, expected) => {
    const [device, root, at] = mount.split(' ');
    expect(places(`40 28 ${device} ${root} ${at} rw shared:2 - ext4 /dev/sda3 rw\n`)).toEqual(expected);
  });

  test('where the home is a mount by itself, each further one of it counts', () => {
    const own = `41 28 0:40 / /data rw - tmpfs tmpfs rw\n42 28 0:40 /journal /srv/j rw - tmpfs tmpfs rw\n`;
    expect(places(own, '/data')).toEqual(['/srv/j']);
  });

  test('on btrfs, where one disk has several roots', () => {
    const lines = `50 1 0:30 /@ /b rw - btrfs /dev/sda rw\n51 50 0:30 /@home /b/home rw - btrfs /dev/sda rw\n52 50 0:30 /@home/ada/fb /b/srv/x rw - btrfs /dev/sda rw\n`;
    expect(places(lines, '/b/home/ada/fb')).toEqual(['/b/srv/x']);
  });

  test.each([
    ['without any', ''],
    ['of lines that are none', 'x\n\n1 2\n- - -\n'],
  ])('a list %s has the folder’s own place alone', (_name, text) => {
    expect(placesOf(HOME, parseMounts(text))).toEqual([HOME]);
  });
});
