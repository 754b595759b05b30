"use strict";
// Draws each chart of the page from its specification and values; the table under it needs no script.

async function draw(place) {
  const answer = await fetch(place.dataset.spec);
  const spec = await answer.json();
  spec.data = { url: place.dataset.values };
  if (place.dataset.unit) {
    spec.height = 24 * Number(place.dataset.bars);
    spec.encoding.x.title = place.dataset.unit;
    spec.encoding.color.scale.domain = place.dataset.series.split("|");
  }
  await vegaEmbed(place, spec, {
    ast: true, // no eval, so that the content security policy needs no exception
    actions: false,
    defaultStyle: false,
    renderer: "svg",
    tooltip: { disableDefaultStyle: true },
  });
  place.dataset.drawn = "yes";
}

for (const place of document.querySelectorAll("[data-spec]")) {
  draw(place).catch((error) => {
    place.textContent = "The chart could not be drawn. The table below has the same figures.";
    console.error(error);
  });
}
