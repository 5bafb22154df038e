// What is wrong with what is seen of the review: cut off, beside the frame, on top of each other, or too faint to read.
(root) => {
  const faults = [];
  const named = (node) => `${node.tagName.toLowerCase()}.${node.className}${node.dataset.testid ? "#" + node.dataset.testid : ""} "${(node.textContent || "").slice(0, 40)}"`;
  const seen = (node) => node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !node.closest(".live");
  const scrolls = (node) => /auto|scroll/.test(getComputedStyle(node).overflowY + getComputedStyle(node).overflowX);
  const held = (node) => { for (let up = node.parentElement; up && up !== root.parentElement; up = up.parentElement) if (scrolls(up)) return true; return false; };
  const every = [...root.querySelectorAll("*")].filter(seen);
  const leaves = every.filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()) || ["IMG", "INPUT"].includes(node.tagName));
  const frame = root.getBoundingClientRect();
  for (const node of every) {
    if (["TBODY", "TR", "PROGRESS", "INPUT"].includes(node.tagName) || held(node) || scrolls(node)) continue;
    const style = getComputedStyle(node);
    if (style.display !== "inline" && style.overflowX !== "visible" && (node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1)) faults.push(`cut off: ${named(node)}`);
    const box = node.getBoundingClientRect();
    if (box.width && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1)) faults.push(`out of the frame: ${named(node)}`);
  }
  // A text that runs over lines covers each of them, and not the rectangle around all.
  const boxes = leaves.filter((node) => !held(node)).map((node) => [node, [...node.getClientRects()].filter((box) => box.width && box.height)]);
  const crossed = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  for (const [place, [one, these]] of boxes.entries()) for (const [other, those] of boxes.slice(place + 1)) {
    if (one.contains(other) || other.contains(one)) continue;
    if (these.some((a) => those.some((b) => crossed(a, b)))) faults.push(`overlap: ${named(one)} and ${named(other)}`);
  }
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const over = ([r, g, b, a], under) => [r, g, b].map((part, place) => part * a + under[place] * (1 - a));
  const ground = (node) => { const layers = []; for (let up = node; up; up = up.parentElement) layers.push(rgba(getComputedStyle(up).backgroundColor)); return layers.reduceRight((under, layer) => over(layer, under), [255, 255, 255]); };
  const light = (color) => { const [r, g, b] = color.map((part) => { const share = part / 255; return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  for (const node of leaves) {
    if (node.tagName === "IMG" || node.closest(":disabled")) continue;
    const under = ground(node), ink = over(rgba(getComputedStyle(node).color), under);
    const [dark, bright] = [light(under), light(ink)].sort((one, other) => one - other);
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < 4.5) faults.push(`faint, ${ratio.toFixed(1)} : 1: ${named(node)}`);
  }
  for (const node of root.querySelectorAll("img")) {
    if (node.getBoundingClientRect().width > node.naturalWidth + 1 && getComputedStyle(node).imageRendering !== "pixelated") faults.push(`blurred: ${named(node)}`);
    if (!node.complete || !node.naturalWidth) faults.push(`no image: ${named(node)}`);
  }
  return [...new Set(faults)];
}
