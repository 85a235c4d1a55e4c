"""What a hover shows, part by part: parameters, components, columns, the network, and what changed since a run."""
