"""What to tell whom, when and how, and what a patient may answer. Pure: time comes in as a value."""
