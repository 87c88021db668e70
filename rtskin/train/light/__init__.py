"""What light, cameras and codecs do to a picture: photometric augmentation."""
