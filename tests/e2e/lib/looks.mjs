// What can be measured of a page's looks, in the page.

/** Runs in the page: texts whose contrast is below `least`, as "ratio text". */
function faint(least) {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const paint = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return { rgb: [r, g, b], a };
  };
  const luminance = ({ rgb }) => {
    const [r, g, b] = rgb.map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const root = getComputedStyle(document.documentElement);
  const room = ['--room', '--room-far'].map((name) => paint(root.getPropertyValue(name)));
  const behind = (element) => {
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      const colour = paint(getComputedStyle(at).backgroundColor);
      if (colour.a === 255) return [colour];
    }
    return room;
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { currentNode: node } = texts;
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest('.unseen, noscript, script, :disabled')) continue;
    const ink = paint(getComputedStyle(element).color);
    const ratio = Math.min(...behind(element).map((back) => contrast(ink, back)));
    if (ratio < least) found.push(`${ratio.toFixed(2)} ${node.data.trim()}`);
  }
  return found;
}

/** Texts that are too faint to read, on a page of playwright's or puppeteer's. */
export const faintTexts = (page, least = 4.5) => page.evaluate(faint, least);

/** Runs in the page: is the focus to be seen, and where is it? */
function whereFocus() {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return {
    id: element.id || element.textContent.trim(),
    ring: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
  };
}

export const focused = (page) => page.evaluate(whereFocus);
