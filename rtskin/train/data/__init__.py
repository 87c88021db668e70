"""What a training reads: sets and their split, packs, crops and compositions, batches."""
