"""Text 文本: what operators write, as documents with their places, and the faults found in it; what is said to them in turn."""
