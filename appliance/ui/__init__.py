"""Templates, our own CSS and JavaScript, and how a Screen is drawn."""
