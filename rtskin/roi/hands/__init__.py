"""More of a hand, when asked: landmarks, left or right, gestures, by MediaPipe on the crops of the regions labelled so."""
