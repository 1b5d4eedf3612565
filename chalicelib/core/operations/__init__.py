"""Operations: health, status, the scheduled check, and the custom resource that runs migrations."""
